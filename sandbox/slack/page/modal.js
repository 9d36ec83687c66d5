// Dialogs: confirmations of buttons, and the app's modals.

import { h, send } from "./dom.js";
import { blocks, element, optionsOf } from "./blocks.js";
import { mrkdwn, names, plain, textObject } from "./text.js";

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

export function closeModal(viewId) {
  for (const dialog of document.querySelectorAll("dialog.modal")) {
    if (dialog.dataset.viewId === viewId) dialog.remove();
  }
}

export function showModal(view) {
  closeModal(view.id);
  const cancel = (event) => {
    event.preventDefault();
    send("close", { user: names.me, view_id: view.id });
  };
  const submit = async (event) => {
    event.preventDefault();
    const { errors } = await send("submit", { user: names.me, view_id: view.id, values: values(view, dialog) });
    for (const note of dialog.querySelectorAll(".input-error")) note.remove();
    for (const [blockId, text] of Object.entries(errors || {})) {
      dialog.querySelector(`[data-block-id="${CSS.escape(blockId)}"]`)?.append(h("div", { class: "input-error", role: "alert" }, text));
    }
  };
  const body = view.blocks.map((block) => (block.type === "input" ? input(block) : blocks([block], async () => {})));
  const dialog = h(
    "dialog",
    { class: "modal", "aria-label": view.title.text, "data-view-id": view.id, oncancel: cancel },
    h(
      "form",
      { onsubmit: submit },
      h("header", {}, h("h2", {}, plain(view.title)), h("button", { type: "button", class: "close", "aria-label": "Close", onclick: cancel }, "✕")),
      h("div", { class: "modal-body" }, body),
      h(
        "footer",
        {},
        h("button", { type: "button", class: "button", onclick: cancel }, view.close ? plain(view.close) : "Close"),
        view.submit ? h("button", { type: "submit", class: "button primary" }, plain(view.submit)) : "",
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function input(block) {
  const e = block.element;
  const name = block.block_id;
  const label = h("div", { class: "label" }, plain(block.label), block.optional ? h("span", {}, " (optional)") : "");
  const hint = block.hint ? h("div", { class: "hint" }, plain(block.hint)) : "";
  let control;
  if (e.type === "plain_text_input") {
    control = h(e.multiline ? "textarea" : "input", { name, "aria-label": block.label.text, placeholder: e.placeholder?.text, maxlength: e.max_length, rows: e.multiline && 4 });
    control.value = e.initial_value || "";
  } else if (e.type === "static_select") {
    control = element(e, async () => {});
    control.setAttribute("name", name);
    control.setAttribute("aria-label", block.label.text);
  } else {
    const many = e.type === "checkboxes";
    const chosen = new Set((many ? e.initial_options || [] : [e.initial_option]).map((o) => o?.value));
    control = h("div", { class: "options" }, e.options.map((o) =>
      h("label", {}, h("input", { type: many ? "checkbox" : "radio", name, value: o.value, checked: chosen.has(o.value) }), o.text.type === "mrkdwn" ? mrkdwn(o.text.text) : plain(o.text)),
    ));
  }
  return h("div", { class: "block input", "data-block-id": block.block_id }, label, control, hint);
}

function values(view, dialog) {
  const form = new FormData(dialog.querySelector("form"));
  const found = {};
  for (const block of view.blocks.filter((b) => b.type === "input")) {
    const e = block.element;
    const given = form.getAll(block.block_id).filter((value) => value !== "");
    const option = (value) => optionsOf(e).find((o) => o.value === value);
    let value = { value: given[0] ?? null };
    if (e.type === "checkboxes") value = { selected_options: given.map(option) };
    else if (e.type !== "plain_text_input") value = { selected_option: given.length ? option(given[0]) : null };
    found[block.block_id] = { [e.action_id]: value };
  }
  return found;
}
