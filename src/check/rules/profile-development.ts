import { profileLine } from "../../config/profiles.ts";
import type { StaticRule } from "../rule.ts";

/** Profiles that are made for other uses. */
export const profileDevelopment: StaticRule = {
  scope: "static",
  code: "CHECK_PROFILE_DEVELOPMENT",
  severity: "warning",
  title: "profile for development in production",
  rationale:
    "`debug` handles one message at a time, without a timeout and with a single immediate retry. `fast` gives up after two retries and five seconds: a dependency that restarts sends everything to the dead letters.",
  fix: "Use `production`, `batch`, or a profile of your own that inherits from them.",
  run({ subscriptions, config, isProduction }) {
    if (!isProduction) return [];
    return subscriptions.flatMap(({ model: { handlerName }, resolved }) => {
      const root = profileLine(resolved.profile, config.server.profiles).at(-1)?.name;
      if (root !== "debug" && root !== "fast") return [];
      const message = `${handlerName} runs with profile ${resolved.profile}${root === resolved.profile ? "" : `, which inherits from ${root}`}`;
      return [{ on: handlerName, message, severity: root === "debug" ? ("warning" as const) : ("info" as const) }];
    });
  },
};
