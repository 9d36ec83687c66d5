// Where a message is written: its text, the files dropped on it, and what a slash may become.

import { h, send, sendFile } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./popup.js";
import { shortcuts, state } from "./state.js";
import { names } from "./text.js";

const MOST_HEIGHT = 160;

// Draws the composer of a pane, on which files may be dropped too; `sent(ts)` hears of each message.
export function drawComposer(pane, c, label, threadTs, sent) {
  const form = pane.querySelector(".composer");
  const files = [];
  const hints = h("div", { class: "hints", role: "listbox", "aria-label": "Commands", hidden: true });
  const chips = h("div", { class: "chips" });

  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, MOST_HEIGHT)}px`;
    button.disabled = !box.value.trim() && !files.length;
  };
  const changed = () => {
    fit();
    drawHints();
  };
  const post = async (event) => {
    event?.preventDefault();
    const text = box.value.trim();
    const dropped = files.splice(0);
    if (!text && !dropped.length) return;
    box.value = "";
    drawChips();
    changed();
    const about = { user: names.me, channel: c.id, thread_ts: threadTs };
    const first = dropped.length ? await sendFile({ ...about, text }, dropped[0]) : await send("type", { ...about, text });
    for (const file of dropped.slice(1)) await sendFile(about, file);
    if (first.ts) sent(first.ts);
  };

  const commands = () => (/^\/\S*$/.test(box.value) ? state.app.commands.filter((name) => name.startsWith(box.value)) : []);
  const complete = (name) => {
    box.value = `${name} `;
    changed();
    box.focus();
  };
  const drawHints = () => {
    const found = commands();
    const option = (name, index) => h("div", { role: "option", "aria-selected": String(index === 0), onclick: () => complete(name) }, h("b", {}, name), h("span", {}, state.app.name));
    hints.hidden = !found.length;
    hints.replaceChildren(...found.map(option));
  };
  const highlight = (step) => {
    const all = [...hints.children];
    const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    all.forEach((option, index) => option.setAttribute("aria-selected", String(index === (now + step + all.length) % all.length)));
  };
  const hinted = (event) => {
    const name = hints.querySelector("[aria-selected=true] b")?.textContent;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (hints.hidden || !name) return false;
    if (step) highlight(step);
    else if (event.key === "Escape") hints.hidden = true;
    else if (event.key === "Tab" || (event.key === "Enter" && name !== box.value)) complete(name);
    else return false;
    event.preventDefault();
    return true;
  };

  const drawChips = () => {
    const drop = (index) => {
      files.splice(index, 1);
      drawChips();
      fit();
    };
    chips.replaceChildren(...files.map((file, index) => h("span", { class: "chip" }, icon("file"), file.name, h("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: () => drop(index) }, icon("close")))));
  };
  const take = (given) => {
    files.push(...given);
    drawChips();
    fit();
    box.focus();
  };
  const upload = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "File to upload", onchange: () => take(upload.files) });
  const more = (event) => {
    const run = ({ callback_id }) => send("shortcut", { user: names.me, callback_id });
    const own = shortcuts("global").map((shortcut) => ({ text: shortcut.name, note: state.app.name, run: () => run(shortcut) }));
    openMenu(event.currentTarget, "Shortcuts", [...own, { text: "Upload from your computer", run: () => upload.click() }]);
  };

  const keys = (event) => {
    if (event.isComposing || hinted(event)) return;
    if (event.key === "Enter" && !event.shiftKey) post(event);
  };
  const box = h("textarea", { rows: 1, "aria-label": label, placeholder: threadTs ? "Reply…" : label, oninput: changed, onkeydown: keys });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send", disabled: true }, icon("send"));
  const plus = h("button", { type: "button", class: "plus", "aria-label": "Shortcuts and files", "aria-haspopup": "menu", onclick: more }, icon("plus"));
  form.onsubmit = post;
  form.replaceChildren(hints, chips, box, h("div", { class: "composer-foot" }, plus, upload, h("span", { class: "hint" }, "Shift+Enter for a new line"), button));
  droppable(pane, take);
}

function droppable(pane, take) {
  pane.ondragover = (event) => {
    event.preventDefault();
    pane.classList.add("dropping");
  };
  pane.ondragleave = (event) => pane.contains(event.relatedTarget) || pane.classList.remove("dropping");
  pane.ondrop = (event) => {
    event.preventDefault();
    pane.classList.remove("dropping");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  };
}
