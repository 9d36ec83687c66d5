// What modals and Home have in common: their blocks, and what was typed into them.

import { blocks } from "./blocks.js";
import { h, send } from "./dom.js";
import { complaint } from "./elements.js";
import { names } from "./text.js";

// What was typed stays while the app updates a view, as long as a field keeps its ids.
const typed = new Map();

export const forget = (viewId) => typed.delete(viewId);

function stillThere(view) {
  const values = typed.get(view.id) || {};
  const kept = view.blocks.map((block) => block.block_id).filter((id) => values[id]);
  return Object.fromEntries(kept.map((id) => [id, values[id]]));
}

export const valuesOf = (view) => {
  const elements = new Map(view.blocks.filter((b) => b.type === "input").map((b) => [b.block_id, b.element.action_id]));
  const given = Object.entries(stillThere(view)).filter(([id, actions]) => actions[elements.get(id)]);
  return Object.fromEntries(given.map(([id, actions]) => [id, { [elements.get(id)]: actions[elements.get(id)] }]));
};

export function bodyOf(view) {
  if (!typed.has(view.id)) typed.set(view.id, {});
  const at = {
    values: typed.get(view.id),
    press: (actionId, value) => send("press_view", { user: names.me, view_id: view.id, action_id: actionId, value, values: valuesOf(view) }),
  };
  return blocks(view.blocks, at);
}

// Replaces the blocks of a view that is open, and leaves the keyboard where it was.
export function redraw(body, view) {
  const before = document.activeElement;
  const place = body.contains(before) && [before.closest("[data-block-id]")?.dataset.blockId, before.dataset.actionId];
  const top = body.scrollTop;
  body.replaceChildren(...bodyOf(view));
  body.scrollTop = top;
  if (!place || !place[1]) return;
  const again = body.querySelector(`[data-block-id="${CSS.escape(place[0])}"] [data-action-id="${CSS.escape(place[1])}"]`);
  again?.focus();
  if (again && before.selectionStart !== null && before.selectionStart !== undefined) again.setSelectionRange?.(before.selectionStart, before.selectionEnd);
}

export function complaints(view) {
  const found = {};
  for (const block of view.blocks.filter((b) => b.type === "input")) {
    const value = valuesOf(view)[block.block_id]?.[block.element.action_id]?.value;
    const words = complaint(block.element, value);
    if (words) found[block.block_id] = words;
  }
  return found;
}

export function showErrors(body, errors) {
  for (const note of body.querySelectorAll(".input-error")) note.remove();
  for (const block of body.querySelectorAll(".is-input")) block.classList.toggle("wrong", block.dataset.blockId in errors);
  for (const [blockId, text] of Object.entries(errors)) {
    body.querySelector(`[data-block-id="${CSS.escape(blockId)}"]`)?.append(h("div", { class: "input-error", role: "alert" }, text));
  }
  body.querySelector(".wrong")?.scrollIntoView({ block: "nearest" });
}
