/** The table with the connections: who is connected, and what the services keep about them. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledgement';

export interface ConnectionTableProps {
  /** Continuous backups. @default false: what is in the table outlives no connection by much */
  readonly pointInTimeRecovery?: boolean;
  /** What happens to the table when the stack is deleted. @default RemovalPolicy.DESTROY */
  readonly removalPolicy?: RemovalPolicy;
}

/** What the library does to the table: single items and one partition at a time, never a Scan. */
const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const KEEP = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];
const FORGET = ['dynamodb:DeleteItem'];

/** The table that each function's `CONNECTION_TABLE` names. */
const tablesOf = new WeakMap<LambdaFunction, ConnectionTable>();

export class ConnectionTable extends Construct {
  readonly tableName: string;
  readonly #table: Table;

  constructor(scope: Construct, id: string, props: ConnectionTableProps = {}) {
    super(scope, id);
    this.#table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: props.pointInTimeRecovery ?? false },
    });
    this.tableName = this.#table.tableName;
    if (!props.pointInTimeRecovery) {
      acknowledge(
        this.#table,
        'DDB3',
        'The connections in the table end within two hours: a backup would restore sockets that are long closed. What a service keeps there besides expires, too.',
      );
    }
  }

  /**
   * Sets `CONNECTION_TABLE` of a function.
   * @throws Error if it names another table there already
   */
  nameTo(lambdaFunction: LambdaFunction): void {
    const known = tablesOf.get(lambdaFunction);
    if (known !== undefined && known !== this) {
      throw new Error(
        `The function ${lambdaFunction.node.path} uses the connections of ${known.node.path} already, and cannot open those of ${this.node.path}, too: a function has one CONNECTION_TABLE. Create one ConnectionTable, and give it to both services as \`connections\`.`,
      );
    }
    tablesOf.set(lambdaFunction, this);
    lambdaFunction.addEnvironment('CONNECTION_TABLE', this.tableName);
  }

  /** Lets a function do what the library does: read, write and query items of this table, and nothing else. */
  grantUse(grantee: IGrantable): void {
    this.#table.grant(grantee, ...READ, ...KEEP, ...FORGET);
  }

  /** Lets a function read and query items: who is connected, and who is in which channel. */
  grantRead(grantee: IGrantable): void {
    this.#table.grant(grantee, ...READ);
  }

  /**
   * Lets a function keep items of its own beside the connections: put and update those whose partition key is like one of
   * `partitions`, such as `FILE#*`, but delete none. Source: DynamoDB Developer Guide, "Using IAM policy conditions", LeadingKeys.
   */
  grantKeep(grantee: IGrantable, partitions: string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: KEEP,
        resources: [this.#table.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions } },
      }),
    );
  }
}
