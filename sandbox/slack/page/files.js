// The files of a message: pictures are shown, everything else can be fetched.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { names } from "./text.js";

const SHOWN = ["image/png", "image/jpeg", "image/gif"];

export function files(message) {
  if (!message.files?.length) return "";
  return h("div", { class: "files" }, message.files.map(file));
}

function size(bytes) {
  const [unit, name] = bytes >= 1e6 ? [1e6, "MB"] : bytes >= 1000 ? [1000, "kB"] : [1, "bytes"];
  return `${(bytes / unit).toLocaleString("en-US", { maximumFractionDigits: unit === 1 ? 0 : 1 })} ${name}`;
}

function file(f) {
  if (f.mode === "tombstone") return h("div", { class: "file gone" }, "This file was deleted.");
  const address = `/page/file/${encodeURIComponent(f.id)}?user=${encodeURIComponent(names.me)}`;
  const fetched = (content, about = {}) => h("a", { href: address, download: f.name, ...about }, content);
  if (SHOWN.includes(f.mimetype)) {
    return h("figure", { class: "picture" }, h("figcaption", {}, fetched([f.title, " ", icon("download")])), h("img", { src: address, alt: f.alt_txt || f.title }));
  }
  const words = h("span", {}, h("b", {}, f.title), h("small", {}, `${f.pretty_type} · ${size(f.size)}`));
  return fetched([h("span", { class: `sheet ${f.filetype}` }, icon("file")), words, icon("download")], { class: "file", "aria-label": `Download ${f.name}` });
}
