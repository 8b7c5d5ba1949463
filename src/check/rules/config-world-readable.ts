import { literalSecrets } from "../literal-secrets.ts";
import type { StaticRule } from "../rule.ts";

/** Passwords for everyone on the machine. */
export const configWorldReadable: StaticRule = {
  scope: "static",
  code: "CHECK_CONFIG_WORLD_READABLE",
  severity: "warning",
  title: "file with passwords that every user can read",
  rationale: "Every account on the host, and every process in the container, can read the password.",
  fix: "Take the passwords out of the file; until then, `chmod 600` it.",
  run({ file }) {
    if (file === null || (file.mode & 0o004) === 0 || literalSecrets(file).length === 0) return [];
    const mode = (file.mode & 0o777).toString(8).padStart(4, "0");
    return [
      {
        on: file.place,
        message: `${file.place} has passwords in it and mode ${mode}`,
        place: { file: file.place, line: null },
      },
    ];
  },
};
