import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { render } from "svelte/server";
import SvelteApp from "./App.svelte";
import CookieSvelteApp from "./CookieApp.svelte";
import { App, CookieApp } from "./react-app.js";

export const react = (initial) => renderToString(createElement(App, { initial }));
export const svelte = (data) => render(SvelteApp, { props: { data } }).body;
export const cookieReact = (cookies) => renderToString(createElement(CookieApp, { cookies }));
export const cookieSvelte = (cookies) => render(CookieSvelteApp, { props: { cookies } }).body;
