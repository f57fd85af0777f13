"""The demo: starts every process, fills a shop through its real doors, plays the main job. It speaks HTTP only."""
