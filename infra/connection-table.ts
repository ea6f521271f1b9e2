/** The connection table: who is connected, and what the services store about them. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledgement';

export interface ConnectionTableProps {
  /** Continuous backups. @default false: the table contains little that outlives a connection */
  readonly pointInTimeRecovery?: boolean;
  /** What happens to the table when the stack is deleted. @default RemovalPolicy.DESTROY */
  readonly removalPolicy?: RemovalPolicy;
}

/** What the library does with the table: single items and one partition at a time, never a Scan. */
const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const KEEP = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];
const FORGET = ['dynamodb:DeleteItem'];

/** The table in each function's `CONNECTION_TABLE`. */
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
        'Connections last two hours at most, so a backup would restore sockets that are long closed. Everything else that a service stores here expires, too.',
      );
    }
  }

  /**
   * Sets `CONNECTION_TABLE` of a function.
   * @throws Error if it is already set to another table
   */
  nameTo(lambdaFunction: LambdaFunction): void {
    const known = tablesOf.get(lambdaFunction);
    if (known !== undefined && known !== this) {
      throw new Error(
        `The function ${lambdaFunction.node.path} already uses the connections of ${known.node.path} and cannot open those of ${this.node.path}, too, because a function has one CONNECTION_TABLE. Create one ConnectionTable, and pass it to both services as \`connections\`.`,
      );
    }
    tablesOf.set(lambdaFunction, this);
    lambdaFunction.addEnvironment('CONNECTION_TABLE', this.tableName);
  }

  /** Lets a function do what the library does: read, write and query items of this table. */
  grantUse(grantee: IGrantable): void {
    this.#table.grant(grantee, ...READ, ...KEEP, ...FORGET);
  }

  /** Lets a function read and query items: who is connected, and who is in which channel. */
  grantRead(grantee: IGrantable): void {
    this.#table.grant(grantee, ...READ);
  }

  /**
   * Lets a function store items of its own beside the connections. It may put and update, but not delete, items whose
   * partition key matches one of `partitions`, such as `FILE#*`. Source: DynamoDB Developer Guide, "Using IAM policy
   * conditions", LeadingKeys.
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
