"""Stock changes: what the inventory service has to say."""

import random

ITEMS = {
    "rake": "garden",
    "watering can": "garden",
    "wooden train": "toys",
    "kite": "toys",
    "kettle": "kitchen",
    "bread knife": "kitchen",
}


def stock_changes(count):
    """So many sales and deliveries, the same in each run."""
    chance = random.Random(1)
    stock = {item: chance.randint(8, 20) for item in ITEMS}
    for number in range(1, count + 1):
        item = chance.choice(list(ITEMS))
        change = chance.choice([-4, -3, -2, -1, 6])
        # Nobody can buy what is not there.
        change = max(change, -stock[item]) or 6
        stock[item] += change
        yield {
            "number": number,
            "item": item,
            "category": ITEMS[item],
            "change": change,
            "in_stock": stock[item],
        }
