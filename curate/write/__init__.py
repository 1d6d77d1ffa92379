"""What a build writes: shards, the card, build.json and croissant.json."""
