// The app's own place: its Home beside the conversation with it.

import { h, send } from "./dom.js";
import { app, state } from "./state.js";
import { names } from "./text.js";
import { bodyOf, redraw } from "./views.js";

const tabs = () => [...(state.app.has_home ? [["home", "Home"]] : []), ["messages", "Messages"]];

export function tabBar(choose) {
  const tab = ([id, text]) => h("button", { type: "button", role: "tab", "aria-selected": String(state.tab === id), onclick: () => choose(id) }, text);
  return h("div", { class: "tabs", role: "tablist", "aria-label": app().real_name }, tabs().map(tab));
}

export const tellOpened = (tab) => send("home", { user: names.me, tab });

let shown = null;

export function drawHome(place) {
  const view = state.home;
  if (!view) {
    shown = null;
    place.replaceChildren(h("p", { class: "nothing" }, `${app().real_name} has nothing on its Home yet.`));
  } else if (shown?.id === view.id && place.querySelector(".home-body")) {
    if (shown.hash !== view.hash) redraw(place.querySelector(".home-body"), view);
    shown = view;
  } else {
    shown = view;
    place.replaceChildren(h("div", { class: "home-body" }, bodyOf(view)));
  }
}
