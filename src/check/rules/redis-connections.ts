import { liveRule, serverOf } from "../live/live-rule.ts";

const ROOM = 0.9;

/** Connections of the whole fleet against the server's ceiling. */
export const redisConnections = liveRule(
  {
    code: "CHECK_REDIS_CONNECTIONS",
    severity: "warning",
    title: "connections near the server's ceiling",
    rationale:
      "Each process opens one connection for each subscription and one for commands. During a rolling release old and new processes run side by side. At `maxclients` the server refuses everyone, operators included.",
    fix: "Raise `maxclients` on the server, or run fewer processes. `--processes` says how many there will be: replicas × workers.",
  },
  (report, { model }) => {
    const { maxClients, connectedClients } = report.server;
    if (maxClients === null) return [];
    const each = model.subscriptions.length + 1;
    const needed = each * report.processes;
    const connected = connectedClients ?? 0;
    const sum = `${report.processes} processes × ${each} connections are ${needed}`;
    const on = serverOf(report);
    if (needed > maxClients)
      return [{ on, severity: "error" as const, message: `${sum}; maxclients is ${maxClients}` }];
    if (needed + connected <= maxClients * ROOM) return [];
    return [{ on, message: `${sum}; ${connected} are open now, and maxclients is ${maxClients}` }];
  },
);
