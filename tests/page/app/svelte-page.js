import * as httponly from "httponly";
import { authState } from "httponly/svelte";
import { hydrate } from "svelte";
import App from "./App.svelte";
import { record } from "./record.js";

const read = () => [document.querySelector("#store"), document.querySelector("#rune")];
const server = read();
record();
hydrate(App, { target: document.querySelector("#root"), props: { data: globalThis.initial } });
globalThis.kept = read().every((element, at) => element === server[at]);
Object.assign(globalThis, { httponly, authState });
