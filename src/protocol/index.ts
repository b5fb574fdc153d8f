export * from "./check.js";
export * from "./data.js";
export * from "./messages.js";
export * from "./model.js";
export * from "./picture.js";
export * from "./problem.js";
export * from "./result.js";
export * from "./rpc.js";
