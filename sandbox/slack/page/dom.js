// Builds elements without ever parsing text as HTML: children are nodes or plain strings.

function built(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== "" && c !== false));
  return element;
}

export const h = (tag, attributes = {}, ...children) => built(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  built(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// Puts these nodes, in this order, into a parent: what is there already is not touched.
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] || null);
  });
}

const COLOURS = ["#4a6fa5", "#8c5e9e", "#2f7f6f", "#b0653a", "#a3475d", "#5c6b2f", "#3d6d8a", "#7a5230"];

export function avatar(user, size = "") {
  const name = user ? user.real_name : "?";
  const initials = name.split(/\s+/).map((word) => word[0]).slice(0, 2).join("").toUpperCase();
  const sum = [...(user ? user.id : "?")].reduce((total, c) => total * 31 + c.codePointAt(0), 7) % 1_000_003;
  const bot = user && user.is_bot;
  return h(
    "span",
    {
      class: `avatar ${size} ${bot ? "bot" : ""}`,
      style: bot ? null : `background:${COLOURS[sum % COLOURS.length]}`,
      "aria-hidden": "true",
    },
    bot ? "⌁" : initials,
  );
}

export function clock(ts) {
  const date = new Date(Number(ts) * 1000);
  return date.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
}

export function day(ts) {
  const date = new Date(Number(ts) * 1000);
  const today = new Date();
  const yesterday = new Date(Date.now() - 86_400_000);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric", year });
}

async function answered(asking) {
  const response = await asking;
  const answer = response.ok ? await response.json() : { problem: "That did not work." };
  if (answer.problem) toast(answer.problem);
  return answer;
}

export function send(path, body) {
  const headers = { "Content-Type": "application/json" };
  return answered(fetch(`/page/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

// A file goes as it is; everything about it stands in the address.
export function sendFile(about, file) {
  const given = Object.entries(about).filter(([, value]) => value);
  const where = new URLSearchParams([...given, ["name", file.name]]);
  return answered(fetch(`/page/drop?${where}`, { method: "POST", body: file }));
}

let hiding;
export function toast(text) {
  const element = document.querySelector(".toast");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (element.hidden = true), 5000);
}
