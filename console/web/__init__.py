"""The pages: blueprints over the services."""
