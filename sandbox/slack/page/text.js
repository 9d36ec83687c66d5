// Slack's mrkdwn and real Markdown, turned into nodes.

import { h } from "./dom.js";

export const names = { users: new Map(), channels: new Map(), emoji: {}, me: "" };

const unescape = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const safe = (url) => /^(https?:|mailto:)/i.test(url);

function link(url, label) {
  if (!safe(url)) return label;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function mention(userId) {
  const user = names.users.get(userId);
  const mine = userId === names.me ? "mention mine" : "mention";
  return h("span", { class: mine }, `@${user ? user.real_name : userId}`);
}

export function emoji(name) {
  const known = names.emoji[name.split("::")[0]];
  return known ? h("span", { class: "emoji", title: `:${name}:` }, known) : `:${name}:`;
}

// Each rule: a pattern and what a match becomes. `inner` renders what is inside it.
const WORD = "(?<![\\w*_~`])";
const SLACK = [
  [/```\n?([\s\S]+?)\n?```/, (m) => h("pre", {}, unescape(m[1]))],
  [/`([^`\n]+)`/, (m) => h("code", {}, unescape(m[1]))],
  [/<@(\w+)(?:\|[^>]*)?>/, (m) => mention(m[1])],
  [/<#(\w+)(?:\|([^>]*))?>/, (m) => h("span", { class: "mention" }, `#${names.channels.get(m[1]) || m[2] || m[1]}`)],
  [/<!(here|channel|everyone)[^>]*>/, (m) => h("span", { class: "mention mine" }, `@${m[1]}`)],
  [/<!date\^\d+\^[^|>]*\|([^>]*)>/, (m) => unescape(m[1])],
  [/<((?:https?:|mailto:)[^|>\s]+)(?:\|([^>]*))?>/, (m) => link(unescape(m[1]), unescape(m[2] || m[1]))],
  [new RegExp(`${WORD}\\*(\\S(?:[^*\\n]*\\S)?)\\*(?!\\w)`), (m, inner) => h("strong", {}, inner(m[1]))],
  [new RegExp(`${WORD}_(\\S(?:[^_\\n]*\\S)?)_(?!\\w)`), (m, inner) => h("em", {}, inner(m[1]))],
  [new RegExp(`${WORD}~(\\S(?:[^~\\n]*\\S)?)~(?!\\w)`), (m, inner) => h("s", {}, inner(m[1]))],
  [/:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/, (m) => emoji(m[1])],
];

const MARKDOWN = [
  [/\\([\\`*_{}[\]()#+\-.!|~<>])/, (m) => m[1]],
  [/`([^`\n]+)`/, (m) => h("code", {}, m[1])],
  [/<@(\w+)>/, (m) => mention(m[1])],
  [/\[([^\]\n]+)\]\(([^)\s]+)\)/, (m, inner) => (safe(m[2]) ? link(m[2], m[1]) : inner(m[1]))],
  [/\*\*(\S(?:[\s\S]*?\S)?)\*\*/, (m, inner) => h("strong", {}, inner(m[1]))],
  [/~~(\S(?:[^~\n]*\S)?)~~/, (m, inner) => h("s", {}, inner(m[1]))],
  [/(?<!\w)\*(\S(?:[^*\n]*\S)?)\*/, (m, inner) => h("em", {}, inner(m[1]))],
  [/(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)/, (m, inner) => h("em", {}, inner(m[1]))],
  [/:([a-z0-9_+'-]+):/, (m) => emoji(m[1])],
];

function inline(text, rules) {
  const out = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const [pattern, make] of rules) {
      const match = pattern.exec(rest);
      if (match && (!first || match.index < first.match.index)) first = { match, make };
    }
    if (!first) break;
    out.push(unescape(rest.slice(0, first.match.index)));
    out.push(first.make(first.match, (inner) => inline(inner, rules)));
    rest = rest.slice(first.match.index + first.match[0].length);
  }
  out.push(unescape(rest));
  return out;
}

// Lines that belong together become one list, quote or paragraph.
function grouped(lines, kinds) {
  const groups = [];
  for (const line of lines) {
    const kind = kinds.find(([pattern]) => pattern.test(line)) || [null, "p"];
    const last = groups[groups.length - 1];
    const content = kind[0] ? line.replace(kind[0], "") : line;
    if (last && last.kind === kind[1] && kind[1] !== "heading") last.lines.push(content);
    else groups.push({ kind: kind[1], lines: [content], line });
  }
  return groups;
}

export function mrkdwn(text) {
  const out = [];
  for (const part of text.split(/(```[\s\S]+?```)/)) {
    if (part.startsWith("```") && part.length > 6) out.push(...inline(part, SLACK));
    else if (part) out.push(...slackLines(part.replace(/^\n|\n$/g, "")));
  }
  return h("div", { class: "text" }, out);
}

function slackLines(text) {
  const kinds = [[/^(?:&gt;|>) ?/, "blockquote"], [/^\s*[•\-*] +/, "ul"], [/^\s*\d+\. +/, "ol"]];
  return grouped(text.split("\n"), kinds).map(({ kind, lines }) =>
    kind === "ul" || kind === "ol"
      ? h(kind, {}, lines.map((line) => h("li", {}, inline(line, SLACK))))
      : h(kind, {}, inline(lines.join("\n"), SLACK)),
  );
}

export function markdown(text) {
  const out = [];
  for (const part of text.split(/(```[\s\S]*?```)/)) {
    const fence = /^```\w*\n?([\s\S]*?)\n?```$/.exec(part);
    if (fence) out.push(h("pre", {}, fence[1]));
    else out.push(...markdownLines(part));
  }
  return h("div", { class: "text" }, out);
}

function markdownLines(text) {
  const kinds = [
    [/^#{1,6} +/, "heading"],
    [/^(?:-{3,}|\*{3,})\s*$/, "hr"],
    [/^> ?/, "blockquote"],
    [/^\s*[-*+] +/, "ul"],
    [/^\s*\d+[.)] +/, "ol"],
    [/^(?=\|)/, "table"],
    [/^\s*$/, "blank"],
  ];
  return grouped(text.split("\n"), kinds).map(({ kind, lines, line }) => {
    if (kind === "blank") return null;
    if (kind === "hr") return h("hr");
    if (kind === "heading") return h(`h${Math.min(6, /^#+/.exec(line)[0].length + 2)}`, {}, inline(lines[0], MARKDOWN));
    if (kind === "ul" || kind === "ol") return h(kind, {}, lines.map((l) => h("li", {}, inline(l, MARKDOWN))));
    if (kind === "table") return markdownTable(lines);
    return h(kind, {}, inline(lines.join("\n"), MARKDOWN));
  });
}

function markdownTable(lines) {
  const cells = (line) => line.replace(/^\||\|\s*$/g, "").split("|").map((c) => c.trim());
  const [head, ...body] = lines.filter((line) => !/^\|[\s:|-]+\|?\s*$/.test(line));
  return h(
    "div",
    { class: "table-scroll" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, cells(head).map((c) => h("th", {}, inline(c, MARKDOWN))))),
      h("tbody", {}, body.map((l) => h("tr", {}, cells(l).map((c) => h("td", {}, inline(c, MARKDOWN)))))),
    ),
  );
}

export function textObject(object) {
  return object.type === "mrkdwn" ? mrkdwn(object.text) : h("div", { class: "text" }, h("p", {}, inline(object.text, [SLACK.at(-1)])));
}

export function plain(object) {
  return object ? inline(object.text, [SLACK.at(-1)]) : "";
}

export function richText(block) {
  return h("div", { class: "text" }, block.elements.map(richPart));
}

function richPart(part) {
  const content = () => part.elements.map(richLeaf);
  if (part.type === "rich_text_list") {
    return h(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((e) => h("li", {}, richPart(e).childNodes.length ? [...richPart(e).childNodes] : "")));
  }
  if (part.type === "rich_text_preformatted") return h("pre", {}, content());
  if (part.type === "rich_text_quote") return h("blockquote", {}, content());
  return h("p", {}, content());
}

function richLeaf(leaf) {
  if (leaf.type === "user") return mention(leaf.user_id);
  if (leaf.type === "channel") return h("span", { class: "mention" }, `#${names.channels.get(leaf.channel_id) || leaf.channel_id}`);
  if (leaf.type === "emoji") return emoji(leaf.name);
  let node = leaf.type === "link" ? link(leaf.url, leaf.text || leaf.url) : leaf.text || "";
  const style = leaf.style || {};
  if (style.code) node = h("code", {}, node);
  if (style.bold) node = h("strong", {}, node);
  if (style.italic) node = h("em", {}, node);
  if (style.strike) node = h("s", {}, node);
  return node;
}
