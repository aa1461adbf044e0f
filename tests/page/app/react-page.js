import * as httponly from "httponly";
import { createElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { App } from "./react-app.js";
import { record } from "./record.js";

record();
const initial = globalThis.initial;
globalThis.recovered = [];
const root = hydrateRoot(document.querySelector("#root"), createElement(App, { initial }), {
  onRecoverableError: (error) => globalThis.recovered.push(String(error)),
});
globalThis.render = (next) => root.render(createElement(App, { initial: next }));
Object.assign(globalThis, { httponly });
