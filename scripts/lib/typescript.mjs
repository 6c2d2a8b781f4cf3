// For `node --import`: TypeScript is run as it lies there, without a bundle, so that each file
// knows its folder.
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
