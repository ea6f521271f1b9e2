/** A destination for each ARN, which notes what it gets; an ARN with `missing` in it is that of none. */
import { type Delivery, DeliveryError, type Destinations } from '../../local/messaging/destinations';

export class RecordedDeliveries implements Destinations {
  readonly all: { arn: string; delivery: Delivery }[] = [];

  deliver(arn: string, delivery: Delivery): void {
    if (arn.includes('missing')) {
      throw new DeliveryError('RESOURCE_NOT_FOUND', `The target ${arn} does not exist.`);
    }
    this.all.push({ arn, delivery });
  }

  /** The bodies that an ARN got, parsed. */
  to(arn: string): unknown[] {
    return this.all.filter((one) => one.arn === arn).map(({ delivery }) => JSON.parse(delivery.body));
  }
}
