// The question that stands between a person and what they chose.

import { h } from "./dom.js";
import { plain, textObject } from "./text.js";

export function confirmed(confirm) {
  return new Promise((resolve) => {
    const answer = (yes) => () => {
      dialog.remove();
      resolve(yes);
    };
    const dialog = h(
      "dialog",
      { class: "confirm", "aria-label": confirm.title.text, oncancel: answer(false) },
      h("header", {}, h("h2", {}, plain(confirm.title))),
      h("div", { class: "modal-body" }, textObject(confirm.text)),
      h(
        "footer",
        {},
        h("button", { type: "button", class: "button", onclick: answer(false) }, plain(confirm.deny)),
        h("button", { type: "button", class: `button ${confirm.style || "primary"}`, onclick: answer(true) }, plain(confirm.confirm)),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
