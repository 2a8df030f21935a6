"""What recorded flows would meet under other policies: edges judged twice, put into words."""
