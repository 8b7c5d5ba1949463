/** Files that a configuration names, and the process will load as code: inside the project, or not at all. */
import { realpathSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";

/** The real path of an existing file inside `directory`; null otherwise. Links are followed before they are judged. */
export function findProjectFile(directory: string, path: string): string | null {
  try {
    const root = realpathSync(directory);
    const file = realpathSync(resolve(root, path));
    const inside = relative(root, file);
    return inside !== "" && !inside.startsWith("..") && !isAbsolute(inside) ? file : null;
  } catch {
    return null;
  }
}
