/**
 * What Faro uses of undici, in place of its `index.js` (tools/bundle.mjs): that loads fetch, WebSocket, caches and mocks, too, a
 * fifth of the CPU of a start (`start.mjs` in `bench/`).
 */
const Dispatcher = require("undici/lib/dispatcher/dispatcher.js");

Object.assign(Dispatcher.prototype, require("undici/lib/api/index.js"));

exports.Agent = require("undici/lib/dispatcher/agent.js");
exports.buildConnector = require("undici/lib/core/connect.js");
