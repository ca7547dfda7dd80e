import type { CommandEnd, Context } from '../context.ts';

/** `gym mcp`: a server for an agent's program, on the standard streams, until the program closes them. */
export async function run(context: Context): Promise<CommandEnd> {
  if (context.stdin.isTty) {
    context.stderr.write(
      'gym mcp talks with a program on its standard streams: docs/mcp.md tells how to name it there. Ctrl-C ends it.\n',
    );
  }
  await context.serveMcp(context);
  return 0;
}
