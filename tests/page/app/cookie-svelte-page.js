import * as httponly from "httponly";
import { hydrate } from "svelte";
import CookieApp from "./CookieApp.svelte";
import { record } from "./record.js";

record();
globalThis.recovered = [];
hydrate(CookieApp, { target: document.querySelector("#root"), props: { cookies: globalThis.initial } });
Object.assign(globalThis, { httponly });
