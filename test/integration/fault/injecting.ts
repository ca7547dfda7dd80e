// Injects a fault that this process holds, and stays until it is killed. Arguments: project, fault as JSON.
import { environmentFault } from '../../../gym/fault/fault.ts';
import { inject } from '../../../gym/fault/inject.ts';

const [project = '', fault = ''] = process.argv.slice(2);
const injected = await inject({ ambient: process.env, project }, environmentFault.parse(JSON.parse(fault)));
console.log(injected.ok ? `injected ${injected.value.id}` : JSON.stringify(injected.problems));
setInterval(() => undefined, 1000);
