// Plans and the tasks in them.

import { h } from "./dom.js";
import { link } from "./text.js";
import { richText } from "./rich_text.js";

const STATUS = {
  pending: ["", "Pending"],
  in_progress: ["", "In progress"],
  complete: ["✓", "Complete"],
  error: ["!", "Error"],
};

function task(t) {
  const status = t.status || "pending";
  const [mark, label] = STATUS[status];
  const about = [t.details && richText(t.details), t.output && richText(t.output)].filter(Boolean);
  return h(
    "div",
    { class: `task ${status}` },
    h("span", { class: "status", role: "img", "aria-label": label }, mark),
    h(
      "div",
      {},
      h("div", { class: "task-title" }, t.title),
      about.map((text) => h("div", { class: "task-details" }, text)),
      t.sources && h("div", { class: "sources" }, t.sources.map((source) => h("span", { class: "source" }, link(source.url, source.text)))),
    ),
  );
}

export function taskCard(block) {
  return h("div", { class: "plan" }, task(block));
}

export function plan(block) {
  const tasks = block.tasks || [];
  const done = tasks.filter((t) => t.status === "complete").length;
  const count = tasks.length ? h("span", { class: "count" }, `${done}/${tasks.length}`) : "";
  return h("details", { class: "plan", open: true }, h("summary", { class: "plan-title" }, h("span", {}, block.title), count), h("div", { class: "tasks" }, tasks.map(task)));
}
