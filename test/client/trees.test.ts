import { TREES } from '../../conformance/client/trees.ts';
import { stage, workloadTests } from './stage.ts';

workloadTests(stage({ needs: ['git'] }), TREES);
