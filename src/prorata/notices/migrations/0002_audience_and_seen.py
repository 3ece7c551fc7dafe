"""Who a mail is meant for, and how far each person has seen the news. What was mailed before is not new to anybody."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WHO = """
UPDATE notices_mail SET audience = CASE WHEN key LIKE 'person.%' THEN 'person' ELSE 'staff' END
 WHERE key LIKE ANY (ARRAY['person.%', 'change.attention:%', 'verify.%', 'payment.taken_back:%', 'payment.overdue:%', 'payments.differ:%'])
"""
SEEN = """
INSERT INTO notices_seenupto (user_id, mail_id)
SELECT id, newest FROM customers_user, (SELECT max(id) AS newest FROM notices_mail) AS mails WHERE newest IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SeenUpTo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mail_id', models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='mail',
            name='audience',
            field=models.CharField(choices=[('customer', 'Customer'), ('staff', 'Staff'), ('person', 'One person alone')], default='customer', help_text='who it is meant for: the bell tells customers', max_length=8),
        ),
        migrations.AddIndex(
            model_name='mail',
            index=models.Index(fields=['customer_id', '-id'], name='mail_of_customer'),
        ),
        migrations.AddField(
            model_name='seenupto',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='seen_up_to', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunSQL(WHO, migrations.RunSQL.noop),
        migrations.RunSQL(SEEN, migrations.RunSQL.noop),
    ]
