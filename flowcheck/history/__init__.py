"""What was there when: sightings of objects, dated, become versions with lifetimes."""
