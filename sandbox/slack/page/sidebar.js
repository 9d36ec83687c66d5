// The workspace beside the conversations: its channels, its app, and who sits at the page.

import { avatar, h } from "./dom.js";
import { icon } from "./icons.js";
import { app, state, title } from "./state.js";
import { names } from "./text.js";

export const channelMark = (c) => [
  c.is_private ? icon("lock") : h("span", { class: "hash", "aria-hidden": "true" }, "#"),
];
export const sharedMark = (c) => c.is_ext_shared && h("span", { class: "shared", title: "Shared with another company", role: "img", "aria-label": "shared" }, icon("shared"));

export function drawSidebar(open) {
  const item = (c, mark) => {
    const looks = [c.id === state.current && "current", state.unread.has(c.id) && "unread"].filter(Boolean).join(" ");
    return h("button", { type: "button", class: `conversation ${looks}`, "aria-current": c.id === state.current ? "page" : null, onclick: () => open(c) }, mark, h("span", { class: "name" }, title(c)), sharedMark(c));
  };
  const all = [...state.channels.values()];
  const channels = all.filter((c) => !c.is_im).sort((a, b) => a.name.localeCompare(b.name));
  document.querySelector(".conversations").replaceChildren(
    h("h2", {}, "Channels"),
    ...channels.map((c) => item(c, channelMark(c))),
    h("h2", {}, "Apps"),
    ...all.filter((c) => c.is_im).map((c) => item(c, avatar(app(), "small"))),
  );
}

export function standing(user) {
  if (user.team_id) return "external";
  if (user.is_ultra_restricted) return "single-channel guest";
  if (user.is_restricted) return "guest";
  return user.is_admin ? "admin" : "";
}

export function drawPeople() {
  const label = (user) => [user.real_name, standing(user)].filter(Boolean).join(" · ");
  const option = (user) => h("option", { value: user.id, selected: user.id === names.me }, label(user));
  document.querySelector(".people").replaceChildren(...state.people.map(option));
  document.querySelector(".acting-face").replaceChildren(avatar(names.users.get(names.me), "small"));
}
