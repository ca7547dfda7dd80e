import type { State } from '../events/event.ts';
import type { Problem } from '../events/problem.ts';

/** What a word of a verdict means, and what to do about it. */
export interface Meaning {
  readonly means: string;
  readonly todo: string;
}

/** What else a verdict may say of its checks and guards. */
type Remark = 'unproven' | 'unguarded';

/** The states of a check or a verdict (docs/verdict.md), its remarks, and the kinds of problems that keep gym from judging. */
export const meanings: Readonly<Record<State | Remark | Problem['kind'], Meaning>> = {
  pass: { means: 'It was judged, and it holds.', todo: 'Nothing.' },
  waived: { means: 'It does not hold, and a person has accepted that for now.', todo: 'Nothing.' },
  unknown: {
    means: 'It could not be judged: what it is judged on was not produced.',
    todo: 'Repair what comes before it: a stage that failed, a service that died, a file that was not written.',
  },
  vacuous: {
    means: 'There was nothing to judge: no test ran, or no sample was there. That is not green.',
    todo: 'See that the tests run and that what is measured is written.',
  },
  fail: {
    means: 'It was judged, and it does not hold.',
    todo: 'Repair the code under test; distance says how far off it is, and 0 is done.',
  },
  error: {
    means: 'The check itself broke: nobody knows whether it holds.',
    todo: 'Repair the check in the task file, or ask its owner.',
  },
  unproven: {
    means:
      'The check was never seen to fail on this version of the task, so it may pass because it cannot fail. Only with --strict is the verdict not green for that.',
    todo: 'gym prove TASK breaks the system on purpose and sees whether the check notices. Nothing in the code under test is to be repaired.',
  },
  unguarded: {
    means: 'A guard against cheats could not be judged, for the reason that is told. It does not change the state.',
    todo: 'Where no run of the baseline is recorded, run gym verify once on the baseline itself; else see to the reason.',
  },
  usage: { means: 'Something was asked for that is not there.', todo: 'Ask for what its message names.' },
  definition: {
    means: 'The task file, or a Compose file, does not fit.',
    todo: 'Repair it at the file and line that it names.',
  },
  environment: {
    means: 'The containers could not be brought up, or went away.',
    todo: 'Look at the logs of the service that it names; gym doctor looks at the machine.',
  },
  crash: {
    means: 'A service ended by itself while the containers were brought up.',
    todo: 'Repair the code of the service that it names; its log says why it ended.',
  },
  evidence: {
    means: 'Something that was to be judged could not be read.',
    todo: 'See that the source that it names writes what the task says.',
  },
};
