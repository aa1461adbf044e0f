import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { render } from "svelte/server";
import SvelteApp from "./App.svelte";
import { App } from "./react-app.js";

export const react = (initial) => renderToString(createElement(App, { initial }));
export const svelte = (data) => render(SvelteApp, { props: { data } }).body;
