import * as httponly from "httponly";

Object.assign(globalThis, { httponly });
