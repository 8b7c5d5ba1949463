import { literalSecrets } from "../literal-secrets.ts";
import type { StaticRule } from "../rule.ts";

/** Passwords that are in the repository for ever. */
export const secretLiteral: StaticRule = {
  scope: "static",
  code: "CHECK_SECRET_LITERAL",
  severity: "warning",
  title: "password written into the configuration file",
  rationale:
    "The file is in version control, in images and in backups; whoever reads one of them has the password, and rotating it means a release.",
  fix: "Write `${REDIS_URL}` (or the like) and give the value in the environment.",
  run({ file }) {
    return literalSecrets(file).map(({ key, line }) => ({
      on: key,
      message: `line ${line} has a URL with its password written out`,
      place: { file: file?.place ?? "", line },
    }));
  },
};
