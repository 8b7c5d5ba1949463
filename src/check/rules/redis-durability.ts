import { liveRule, serverOf } from "../live/live-rule.ts";

const LOSES = {
  A: "nothing that was acknowledged",
  B: "up to about a second of writes when the machine fails",
  C: "everything since the last snapshot",
  D: "everything, the groups included, at every restart",
} as const;

/** How much a restart of the server costs. */
export const redisDurability = liveRule(
  {
    code: "CHECK_REDIS_DURABILITY",
    severity: "warning",
    title: "the server forgets at a restart",
    rationale:
      "At least once holds as far as the broker keeps what it acknowledged. Classes: A, every write on disk before its reply (`appendfsync always`); B, the last second at risk (`everysec`); C, snapshots only; D, no persistence.",
    fix: "Set `appendonly yes` and `appendfsync everysec` (class B), or `always` (A).",
  },
  (report, { isProduction }) => {
    const { durability, persistence } = report.server;
    if (durability === null || durability === "A" || durability === "B") return [];
    const severity = durability === "D" && isProduction ? ("error" as const) : ("warning" as const);
    return [
      {
        on: serverOf(report),
        severity,
        message: `durability class ${durability} (${persistence}): the server loses ${LOSES[durability]}`,
      },
    ];
  },
);
