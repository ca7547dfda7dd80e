/** Writes log lines. */
export interface Log {
  info(msg: string, fields?: Record<string, unknown>): void;
  error(msg: string, fields?: Record<string, unknown>): void;
}

/** A log on standard output: one JSON object a line, `time` (ISO 8601), `level` and `msg` first, then who writes it. */
export function jsonLog(context: Record<string, unknown>): Log {
  const write = (level: string, msg: string, fields?: Record<string, unknown>) => {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, msg, ...context, ...fields })}\n`);
  };
  return {
    info: (msg, fields) => write('info', msg, fields),
    error: (msg, fields) => write('error', msg, fields),
  };
}
