import { createLoopWatchdog } from "../src/lifecycle/loop-watchdog.ts";
import { pino } from "pino";
const w = createLoopWatchdog({ names: [], reportAfterMs: 1000, abortAfterMs: 60000, log: pino({ level: "info" }) });
if (process.argv[2] === "on") w.start();
const rss0 = process.memoryUsage.rss();
setTimeout(() => { const c0 = process.cpuUsage(); setTimeout(() => { const c = process.cpuUsage(c0); console.log(process.argv[2], "cpu ms in 20 s", (c.user + c.system) / 1000, "rss", Math.round(process.memoryUsage.rss() / 1e6)); process.exit(0); }, 20000); }, 3000);
