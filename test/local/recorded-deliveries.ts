/** Destinations for all ARNs, which record their deliveries. An ARN that contains `missing` has no target. */
import { type Delivery, DeliveryError, type Destinations } from '../../local/messaging/destinations';

export class RecordedDeliveries implements Destinations {
  readonly all: { arn: string; delivery: Delivery }[] = [];

  deliver(arn: string, delivery: Delivery): void {
    if (arn.includes('missing')) {
      throw new DeliveryError('RESOURCE_NOT_FOUND', `The target ${arn} does not exist.`);
    }
    this.all.push({ arn, delivery });
  }

  /** The bodies that an ARN received, parsed. */
  to(arn: string): unknown[] {
    return this.all.filter((one) => one.arn === arn).map(({ delivery }) => JSON.parse(delivery.body));
  }
}
