/** `ProjectionExpression`: the requested parts of an item. */
import { ExpressionReader } from './expression-reader';
import type { Path } from './path';
import type { Placeholders } from './placeholders';

export interface Projection {
  paths: Path[];
  nestedNames: ReadonlySet<string>;
}

/** @throws {DynamoDbError} if it is invalid */
export function readProjection(expression: string, placeholders: Placeholders): Projection {
  return new ProjectionReader('ProjectionExpression', expression, placeholders).read();
}

class ProjectionReader extends ExpressionReader {
  read(): Projection {
    const paths: Path[] = [];
    do paths.push(this.readPath([], 'placeholder'));
    while (this.takeIfSign(','));
    for (const path of paths) this.addDistinctPath(path);
    this.refuse('reserved', 'placeholder', 'overlap', 'conflict');
    return { paths, nestedNames: this.nestedNames };
  }
}
