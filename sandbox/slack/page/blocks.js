// Block Kit as Slack shows it. `act(action_id, value)` is what a press does.

import { h } from "./dom.js";
import { confirmed } from "./modal.js";
import { markdown, mrkdwn, plain, richText, textObject } from "./text.js";

const KINDS = {
  section, divider, header, context, actions, image, table, plan, container,
  context_actions: actions,
  data_table: dataTable,
  markdown: (block) => markdown(block.text),
  rich_text: richText,
  task_card: (block) => h("div", { class: "plan" }, task(block)),
};

export function blocks(list, act) {
  return list.map((block) => {
    const make = KINDS[block.type];
    return h("div", { class: `block is-${block.type}`, "data-block-id": block.block_id }, make ? make(block, act) : block.type);
  });
}

function section(block, act) {
  const fields = block.fields && h("div", { class: "fields" }, block.fields.map(textObject));
  const side = block.accessory && h("div", { class: "accessory" }, element(block.accessory, act));
  return h("div", { class: "with-accessory" }, h("div", {}, block.text ? textObject(block.text) : "", fields), side);
}

function divider() {
  return h("hr");
}

function header(block) {
  return h("h3", {}, plain(block.text));
}

function context(block) {
  return block.elements.map((e) =>
    e.type === "image" ? h("img", { src: e.image_url, alt: e.alt_text }) : e.type === "mrkdwn" ? mrkdwn(e.text) : textObject(e),
  );
}

function image(block) {
  const title = block.title && h("figcaption", {}, plain(block.title));
  return h("figure", {}, title, h("img", { src: block.image_url, alt: block.alt_text }));
}

function actions(block, act) {
  return block.elements.map((e) => element(e, act));
}

export function element(e, act) {
  if (e.type === "button") return button(e, act);
  if (e.type === "static_select") return menu(e, act);
  if (e.type === "image") return h("img", { src: e.image_url, alt: e.alt_text });
  if (e.type === "feedback_buttons") {
    return h("span", { class: "feedback" }, thumb(e, e.positive_button, "👍", act), thumb(e, e.negative_button, "👎", act));
  }
  if (e.type === "icon_button") return button({ ...e, style: "icon" }, act);
  return e.type;
}

function button(e, act) {
  const press = async (event) => {
    const pressed = event.currentTarget;
    if (e.confirm && !(await confirmed(e.confirm))) return;
    if (e.url) window.open(e.url, "_blank", "noopener");
    pressed.classList.add("busy");
    await act(e.action_id, e.value);
    pressed.classList.remove("busy");
  };
  return h("button", { type: "button", class: `button ${e.style || ""}`, "data-action-id": e.action_id, "aria-label": e.accessibility_label, onclick: press }, plain(e.text));
}

function thumb(e, side, icon, act) {
  const press = async (event) => {
    const pressed = event.currentTarget;
    await act(e.action_id, side.value);
    for (const other of pressed.parentNode.children) other.classList.remove("chosen");
    pressed.classList.add("chosen");
  };
  return h("button", { type: "button", class: "thumb", title: side.text.text, "aria-label": side.accessibility_label || side.text.text, "data-action-id": e.action_id, onclick: press }, icon);
}

export function optionsOf(e) {
  return (e.option_groups || [{ options: e.options }]).flatMap((group) => group.options);
}

function menu(e, act) {
  const initial = e.initial_option && e.initial_option.value;
  const change = async (event) => {
    if (e.confirm && !(await confirmed(e.confirm))) return;
    await act(e.action_id, event.target.value);
  };
  const placeholder = e.placeholder ? e.placeholder.text : "Choose an option";
  return h(
    "select",
    { class: "button", "aria-label": placeholder, "data-action-id": e.action_id, onchange: change },
    h("option", { value: "", disabled: true, selected: !initial }, placeholder),
    optionsOf(e).map((o) => h("option", { value: o.value, selected: o.value === initial }, o.text.text)),
  );
}

function cell(tag, c, align, attributes = {}) {
  const numeric = c.type === "raw_number";
  const content = c.type === "rich_text" ? richText(c) : c.text;
  return h(tag, { class: align || (numeric ? "right" : "left"), ...attributes }, content);
}

function table(block) {
  const align = (index) => ((block.column_settings || [])[index] || {}).align;
  const row = (tag) => (cells) => h("tr", {}, cells.map((c, index) => cell(tag, c, align(index))));
  const [head, ...body] = block.rows;
  return h("div", { class: "table-scroll" }, h("table", {}, h("thead", {}, row("th")(head)), h("tbody", {}, body.map(row("td")))));
}

function dataTable(block) {
  const [head, ...body] = block.rows;
  const size = block.page_size || 5;
  const numeric = head.map((_, i) => body.length > 0 && body.every((row) => row[i].type === "raw_number"));
  const rowHeader = block.row_header_column_index || 0;
  const holder = h("div", { class: "data-table" });
  const draw = (start) => {
    const end = Math.min(start + size, body.length);
    const rows = body.slice(start, end).map((cells) =>
      h("tr", {}, cells.map((c, i) => (i === rowHeader ? cell("th", c, numeric[i] && "right", { scope: "row" }) : cell("td", c, numeric[i] && "right")))),
    );
    const turn = (label, to, off) => h("button", { type: "button", class: "turn", "aria-label": label, disabled: off, onclick: () => draw(to) }, label === "Next page" ? "›" : "‹");
    const pages = body.length > size && h(
      "div",
      { class: "pages" },
      h("span", {}, `${start + 1}–${end} of ${body.length}`),
      turn("Previous page", start - size, start === 0),
      turn("Next page", end, end >= body.length),
    );
    holder.replaceChildren(
      h("div", { class: "table-scroll" }, h("table", {}, h("caption", {}, block.caption), h("thead", {}, h("tr", {}, head.map((c, i) => cell("th", c, numeric[i] && "right")))), h("tbody", {}, rows))),
      pages || "",
    );
  };
  draw(0);
  return holder;
}

const STATUS = {
  pending: ["", "Pending"],
  in_progress: ["", "In progress"],
  complete: ["✓", "Complete"],
  error: ["!", "Error"],
};

function task(t) {
  const status = t.status || "pending";
  const [icon, label] = STATUS[status];
  return h(
    "div",
    { class: `task ${status}` },
    h("span", { class: "status", role: "img", "aria-label": label }, icon),
    h(
      "div",
      {},
      h("div", { class: "task-title" }, t.title),
      t.details ? h("div", { class: "task-details" }, richText(t.details)) : "",
      t.output ? h("div", { class: "task-details" }, richText(t.output)) : "",
      t.sources ? h("div", { class: "sources" }, t.sources.map((s) => h("a", { href: /^https?:/.test(s.url) ? s.url : null, target: "_blank", rel: "noopener noreferrer" }, s.text))) : "",
    ),
  );
}

function plan(block) {
  const tasks = block.tasks || [];
  const done = tasks.filter((t) => t.status === "complete").length;
  return h(
    "div",
    { class: "plan" },
    h("div", { class: "plan-title" }, h("span", {}, block.title), tasks.length ? h("span", { class: "count" }, `${done}/${tasks.length}`) : ""),
    tasks.map(task),
  );
}

function container(block, act) {
  const title = [
    block.icon ? h("img", { src: block.icon.image_url, alt: block.icon.alt_text }) : "",
    h("span", { class: "container-title" }, block.rich_text_title ? richText(block.rich_text_title) : plain(block.title)),
    block.subtitle ? h("span", { class: "container-subtitle" }, textObject(block.subtitle)) : "",
  ];
  const children = h("div", { class: "container-body" }, blocks(block.child_blocks, act));
  if (!block.is_collapsible) return h("div", { class: "box" }, h("div", { class: "container-head" }, title), children);
  return h("details", { class: "box", open: !block.default_collapsed }, h("summary", { class: "container-head" }, title), children);
}
