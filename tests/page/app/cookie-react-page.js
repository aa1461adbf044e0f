import * as httponly from "httponly";
import { createElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { CookieApp } from "./react-app.js";
import { record } from "./record.js";

record();
globalThis.recovered = [];
hydrateRoot(document.querySelector("#root"), createElement(CookieApp, { cookies: globalThis.initial }), {
  onRecoverableError: (error) => globalThis.recovered.push(String(error)),
});
Object.assign(globalThis, { httponly });
