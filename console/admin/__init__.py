"""The ModelView that Flask-Admin should have had, one concern per module."""
