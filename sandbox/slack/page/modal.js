// The app's modals, which may stand on top of each other.

import { h, send } from "./dom.js";
import { icon } from "./icons.js";
import { names, plain } from "./text.js";
import { bodyOf, complaints, forget, redraw, showErrors, valuesOf } from "./views.js";

// By view id, the dialog and the view that it now shows.
const open = new Map();

export function closeModal(viewId) {
  open.get(viewId)?.dialog.remove();
  open.delete(viewId);
  forget(viewId);
}

// Shows these views and no other, as when the page is opened or another person sits down at it.
export function showModals(views) {
  for (const { dialog } of open.values()) dialog.remove();
  open.clear();
  views.forEach(showModal);
}

export function showModal(view) {
  const shown = open.get(view.id);
  if (shown) {
    shown.view = view;
    shown.dialog.setAttribute("aria-label", view.title.text);
    shown.dialog.querySelector("h2").replaceChildren(...plain(view.title));
    shown.dialog.querySelector("footer").replaceWith(footer(view));
    redraw(shown.dialog.querySelector(".modal-body"), view);
    return;
  }
  const dialog = h("dialog", { class: "modal", "aria-label": view.title.text, oncancel: (event) => cancel(event, view.id) });
  const submit = (event) => {
    event.preventDefault();
    submitted(open.get(view.id));
  };
  const ready = () => dialog.querySelector("[type=submit]")?.removeAttribute("disabled");
  dialog.append(
    h(
      "form",
      { onsubmit: submit, oninput: ready, onchange: ready, novalidate: true },
      h("header", {}, h("h2", {}, plain(view.title)), h("button", { type: "button", class: "close", "aria-label": "Close", onclick: (event) => cancel(event, view.id) }, icon("close"))),
      h("div", { class: "modal-body" }, bodyOf(view)),
      footer(view),
    ),
  );
  open.set(view.id, { dialog, view });
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("[autofocus], .field, .options input")?.focus();
}

function footer(view) {
  const close = h("button", { type: "button", class: "button", onclick: (event) => cancel(event, view.id) }, view.close ? plain(view.close) : view.submit ? "Cancel" : "Close");
  return h("footer", {}, close, view.submit && h("button", { type: "submit", class: "button primary", disabled: view.submit_disabled }, plain(view.submit)));
}

function cancel(event, viewId) {
  event.preventDefault();
  send("close", { user: names.me, view_id: viewId });
}

async function submitted({ view, dialog }) {
  const body = dialog.querySelector(".modal-body");
  const wrong = complaints(view);
  showErrors(body, wrong);
  if (Object.keys(wrong).length) return;
  const button = dialog.querySelector("[type=submit]");
  button.classList.add("busy");
  const { errors } = await send("submit", { user: names.me, view_id: view.id, values: valuesOf(view) });
  button.classList.remove("busy");
  showErrors(body, errors || {});
}
