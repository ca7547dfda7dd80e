/** Where a command runs. */
interface Placed {
  readonly service?: string | undefined;
  readonly workdir?: string | undefined;
}

/** Whether a command can be started there: on the host below the workspace, in a service wherever its path begins at the top. */
export const hasPlace = ({ service, workdir }: Placed): boolean =>
  service === undefined || workdir === undefined || workdir.startsWith('/');

/** What zod says where it cannot. */
export const placeNeeded = { path: ['workdir'], message: 'in a service it has to begin with /' };
