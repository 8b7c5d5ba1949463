// The layers of src/: who may import whom. An area is a folder of src/, or a file directly in it.

/** Types of settled values, which any area above `domain` may import without importing the rest of their folder. */
const CONTRACT_FILES = ["config/settings.ts", "health/status.ts"];

const GROUND = ["primitives", "errors", "version"];
const WORDS = [...GROUND, "message", "domain", "contracts"];
const PORTS = [...WORDS, "ports"];
const AMBIENT = [...PORTS, "telemetry", "lifecycle"];
const SERVICES = ["consume", "publish", "maintenance", "health", "check", "config"];
const ENGINE = [...AMBIENT, ...SERVICES, "engine", "compose"];

/**
 * Area → the areas it may import, itself apart. `contracts` stands for CONTRACT_FILES. Area folders that are not
 * listed are a fault: a new one needs a row, and with it a decision.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const LAYERS = {
  primitives: [],
  errors: [],
  version: [],
  contracts: ["ports", "contracts"],
  message: GROUND,
  domain: [...GROUND, "message", "contracts"],
  ports: [...GROUND, "message", "domain"],
  config: WORDS,
  telemetry: [...PORTS, "config"],
  lifecycle: [...PORTS, "telemetry"],
  adapters: [...GROUND, "message", "ports", "contracts"],
  consume: AMBIENT,
  publish: AMBIENT,
  maintenance: AMBIENT,
  health: [...AMBIENT, "config"],
  check: [...AMBIENT, "config", "consume"],
  "running-engine": ENGINE,
  engine: [...ENGINE, "running-engine"],
  compose: [...ENGINE, "adapters"],
  testing: [...ENGINE, "adapters"],
  cli: ENGINE,
  console: ENGINE,
  index: ENGINE,
};

/**
 * Packages and built-in modules that only some areas may import, or that some may not.
 * @type {readonly { specifier: RegExp, isAllowedIn: (area: string) => boolean, reason: string }[]}
 */
const EXTERNALS = [
  {
    specifier: /^node:/,
    isAllowedIn: (area) => !["domain", "primitives", "errors"].includes(area),
    reason: "it is pure: it does no I/O and knows no host",
  },
  {
    specifier: /^ioredis(?:\/|$)/,
    isAllowedIn: (area) => area === "adapters",
    reason: "drivers stay behind the ports, in adapters/",
  },
  {
    specifier: /^@(?:opentelemetry|grpc)\//,
    isAllowedIn: (area) => area === "telemetry",
    reason: "it is loaded lazily, in one place, and only while telemetry is on",
  },
  {
    specifier: /^(?:commander|cli-progress)(?:\/|$)/,
    isAllowedIn: (area) => area === "cli",
    reason: "the engine also runs inside programs without a command line",
  },
];

/**
 * @param {string} file relative to src/
 */
function areaOf(file) {
  if (CONTRACT_FILES.includes(file)) return "contracts";
  return file.split("/")[0]?.replace(/\.ts$/, "") ?? file;
}

/**
 * The fault of one import between files of src/, or null.
 * @param {string} from
 * @param {string} to
 */
export function faultOfImport(from, to) {
  const [area, target] = [areaOf(from), areaOf(to)];
  const allowed = LAYERS[area];
  if (allowed === undefined) return `src/${from}: "${area}" has no row in the layers; decide where it belongs`;
  if (area === "adapters" && target === "adapters") return faultBetweenAdapters(from, to);
  if (target === area || allowed.includes(target)) return null;
  const may = allowed.length === 0 ? "nothing" : allowed.join(", ");
  return `src/${from} imports src/${to}: ${area} may import ${may}`;
}

/**
 * @param {string} from
 * @param {string} to
 */
function faultBetweenAdapters(from, to) {
  const [one, other] = [from, to].map((file) => file.split("/").slice(1, -1)[0]);
  if (one === other || other === undefined) return null;
  return `src/${from} imports src/${to}: an adapter does not import another technology's`;
}

/**
 * The fault of an import from outside src/, or null.
 * @param {string} from
 * @param {string} specifier
 */
export function faultOfExternal(from, specifier) {
  if (specifier.startsWith(".")) return `src/${from} imports ${specifier}, which does not exist`;
  const area = areaOf(from);
  const rule = EXTERNALS.find((external) => external.specifier.test(specifier) && !external.isAllowedIn(area));
  return rule === undefined ? null : `src/${from} imports ${specifier}, which ${area} may not: ${rule.reason}`;
}
