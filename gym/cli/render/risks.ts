import { countText, listText } from '../../judge/text.ts';
import { type Guard, type GuardedRisk, unguarded } from '../../verify/risks.ts';
import { glyph, type Paint, tableText } from './style.ts';

/** Each risk with the checks that guard it, and at the end those that nothing guards. */
export function risksText(task: string, risks: readonly GuardedRisk[], paint: Paint): string {
  if (risks.length === 0) return `${task} names no risks: see risks in the task, and risk in its checks`;
  const open = unguarded(risks);
  const unproven = new Set(
    risks.flatMap(({ guards }) => guards.filter(({ proof }) => proof === 'unproven').map(({ check }) => check)),
  );
  return [
    ...risks.flatMap((risk) => [...riskLines(risk, paint), '']),
    `${task}: ${countText(risks.length, 'risk')}, ${open.length === 0 ? 'each is guarded' : `nothing guards ${listText(open)}`}`,
    ...(unproven.size === 0
      ? []
      : [`${countText(unproven.size, 'check')} never seen to fail on this version of the task: gym prove ${task}`]),
  ].join('\n');
}

function riskLines({ risk, harm, guards }: GuardedRisk, paint: Paint): string[] {
  const isProven = guards.some(({ severity, proof }) => severity === 'gate' && proof === 'proven');
  const state = guards.length === 0 ? 'fail' : isProven ? 'pass' : 'vacuous';
  const rows = guards.map((guard) => [`    ${guard.check}`, guardText(guard), guard.claim]);
  return [
    `${glyph(state, paint)} ${paint('bold', risk)}: ${harm}`,
    guards.length === 0 ? '    nothing guards it' : tableText(rows),
  ];
}

/** A gate is what a check is if nothing else is said. */
function guardText({ severity, proof }: Guard): string {
  return severity === 'gate' ? proof : `${severity}, ${proof}`;
}
