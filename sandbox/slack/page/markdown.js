// Real Markdown, as the markdown block and streams carry it, turned into nodes.

import { h } from "./dom.js";
import { channelMention, emoji, grouped, inline, link, mention, safe } from "./text.js";

const RULES = [
  [/\\([\\`*_{}[\]()#+\-.!|~<>])/, (m) => m[1]],
  [/`([^`\n]+)`/, (m) => h("code", {}, m[1])],
  [/<@(\w+)>/, (m) => mention(m[1])],
  [/<#(\w+)>/, (m) => channelMention(m[1])],
  [/!?\[([^\]\n]+)\]\(([^)\s]+)\)/, (m, inner) => (safe(m[2]) ? link(m[2], inner(m[1])) : inner(m[1]))],
  [/<(https?:[^>\s]+)>/, (m) => link(m[1], m[1])],
  [/(?<!\w)https?:\/\/[^\s<>)\]]*[^\s<>)\].,;:!?]/, (m) => link(m[0], m[0])],
  [/\*\*(\S(?:[\s\S]*?\S)?)\*\*/, (m, inner) => h("strong", {}, inner(m[1]))],
  [/~~(\S(?:[^~\n]*\S)?)~~/, (m, inner) => h("s", {}, inner(m[1]))],
  [/(?<!\w)\*(\S(?:[^*\n]*\S)?)\*/, (m, inner) => h("em", {}, inner(m[1]))],
  [/(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)/, (m, inner) => h("em", {}, inner(m[1]))],
  [/:([a-z0-9_+'-]+):/, (m) => emoji(m[1])],
];
const rendered = (text) => inline(text, RULES);

export function markdown(text) {
  const out = [];
  for (const part of text.split(/(^ *```[\s\S]*?(?:^ *```\s*$|(?![\s\S])))/m)) {
    const fence = /^ *```\w*\n?([\s\S]*?)\n?(?: *```\s*)?$/.exec(part);
    if (fence) out.push(h("pre", {}, fence[1]));
    else out.push(...lines(part));
  }
  return h("div", { class: "text" }, out);
}

const ITEM = /^(\s*)([-*+]|\d+[.)]) +(.*)$/;
const KINDS = [
  [/^#{1,6} +/, "heading"],
  [/^(?:-{3,}|\*{3,}|_{3,})\s*$/, "hr"],
  [/^> ?/, "blockquote"],
  [/^(?=\s*(?:[-*+]|\d+[.)]) +)/, "list"],
  [/^(?=\|)/, "table"],
  [/^\s*$/, "blank"],
];

function lines(text) {
  return grouped(text.split("\n"), KINDS).map(({ kind, lines: own, line }) => {
    if (kind === "blank") return null;
    if (kind === "hr") return h("hr");
    if (kind === "heading") return h(`h${Math.min(6, /^#+/.exec(line)[0].length + 2)}`, {}, rendered(own[0]));
    if (kind === "list") return list(own.map((item) => ITEM.exec(item)));
    if (kind === "table") return table(own);
    return h(kind, {}, rendered(own.join("\n")));
  });
}

// Items that stand further in than the first are lists inside the item before them.
function list(items) {
  const [, margin, mark] = items[0];
  const ordered = /\d/.test(mark);
  const rows = [];
  for (const item of items) {
    if (item[1].length > margin.length + 1) rows.at(-1).inside.push(item);
    else rows.push({ text: item[3], inside: [] });
  }
  const start = ordered && parseInt(mark, 10) !== 1 ? parseInt(mark, 10) : null;
  return h(ordered ? "ol" : "ul", { start }, rows.map(({ text, inside }) => h("li", {}, rendered(text), inside.length ? list(inside) : "")));
}

function table(own) {
  const cells = (line) => line.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
  const isRule = (line) => /^\|[\s:|-]+\|?\s*$/.test(line);
  const align = cells(own.find(isRule) || "").map((c) => (/^:-+:$/.test(c) ? "center" : /-:$/.test(c) ? "right" : null));
  const [head, ...body] = own.filter((line) => !isRule(line));
  if (head === undefined) return null;
  const row = (tag) => (line) => h("tr", {}, cells(line).map((c, i) => h(tag, { class: align[i] }, rendered(c))));
  return h("div", { class: "table-scroll", tabindex: 0 }, h("table", {}, h("thead", {}, row("th")(head)), h("tbody", {}, body.map(row("td")))));
}
