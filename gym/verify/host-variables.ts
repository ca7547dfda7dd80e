/** Variables that differ between two shells of the same user, and say nothing of what runs in them. */
const passing =
  /^(_|SHLVL|PWD|OLDPWD|TERM|TERM_.*|COLORTERM|COLUMNS|LINES|WINDOWID|TMUX.*|STY|SSH_.*|XDG_SESSION_.*|DBUS_.*|DISPLAY|WAYLAND_DISPLAY|INVOCATION_ID|JOURNAL_STREAM|GYM_.*)$/;

/** The variables that a stage on the host depends on: it may ask for any, so all but those that come and go with a terminal. Sorted by name. */
export function hostVariables(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !passing.test(name));
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}
