// The engines of the modules: the conditions of the package's `exports` choose between WebAssembly and its twin in
// JavaScript, so they are imported by the package's own name.
declare module "httponly/engine/*.js" {
  export const source: import("./load.ts").Source;
}
