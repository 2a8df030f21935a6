"""What a run does about workers that go wrong, and how tests make them go wrong."""
