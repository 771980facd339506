import '../../../tools/typescript.mjs';
import { answerCalls } from '../../support/answer-calls.mjs';

const { measureGrowth } = await import('../harness/measure-growth.ts');
const { nodes, multicast } = JSON.parse(process.argv[2]);

answerCalls({ measure: () => measureGrowth(nodes, multicast) });
